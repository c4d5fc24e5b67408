"""Liên Thông: an open e-government platform for Viet Nam."""
