"""Search everywhere: what each desk lets staff find, one module for each floor of the house."""
