"""Fetching: politely (`manners`), safely (`guard`), and within stated limits (`client`)."""
