"""The axis: takes packets in, keeps them, proves it, hands them out."""
