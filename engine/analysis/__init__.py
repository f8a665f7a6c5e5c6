"""What only analysis of a whole, valid configuration finds: rules that never run, things that nobody uses, deletions."""
