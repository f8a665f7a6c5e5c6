"""The only writer: tables, migrations, and applying a Decision. Only this package and `state` know SQL."""
