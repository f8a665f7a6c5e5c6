"""What a change of the configuration would have done to recorded mail: replay, compare, group."""
