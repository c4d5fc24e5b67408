"""Document exchange: the axis (hub) and the agency's end (access_point).

They meet on the wire only.
"""
