"""One module a command, thin: options, the call, how it is printed, the exit status."""
