"""The read-only view of the past that deciding needs. Only this package and `store` know SQL."""
