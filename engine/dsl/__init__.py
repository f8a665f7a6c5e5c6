"""The rule language: text to syntax trees, and their check against names, types and picklists."""
