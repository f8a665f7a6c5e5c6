"""Where mail comes from: Maildir, mbox, a folder of .eml, one file, standard input. Each yields `Item`s."""
