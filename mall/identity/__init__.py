"""Who people and programs are: members, staff, API clients, their credentials and sessions."""
