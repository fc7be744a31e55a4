"""How values become text: titles of metrics, formats of numbers, escaping for every target."""
