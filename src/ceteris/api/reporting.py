def report_html(results): return "todo"
