"""Services: addresses, listeners, load balancing and the discovery table."""
