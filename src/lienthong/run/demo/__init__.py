"""A small country on one machine: the axis, a ministry, a province, and one document's journey."""
