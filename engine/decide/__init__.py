"""A message, the configuration and the past to a `Decision`: pure, one module a step, chained in `flow`."""
