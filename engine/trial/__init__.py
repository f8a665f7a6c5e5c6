"""Rule tests (`rules/tests/*.yaml`): a given past, a message, and what must become of it; run on the real flow."""
