"""Raw bytes to a `Message`: never raises, whatever the bytes."""
