"""Access tokens checked at the authorization server, and the results cached."""
