"""`poll`: reading mailboxes for ever. One thread a mailbox, and one that sends, runs waiting rules and reloads."""
