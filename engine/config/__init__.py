"""Configuration files to one frozen `Config` (`load.load_config`), or every problem in them at once."""
