"""Checked rules to programs on durable-rules: which rules match a message, in order, and why the others do not."""
