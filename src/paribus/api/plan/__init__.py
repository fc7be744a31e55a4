"""Planning: expansion of a study, checks of feasibility, forecast, gradient check."""
