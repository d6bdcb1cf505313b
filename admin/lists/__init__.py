"""Lists of the back office as files: one declaration for each, one way to send them."""
