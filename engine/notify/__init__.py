"""Sending what deciding put into the outbox: composing, transports, limits, back-off."""
