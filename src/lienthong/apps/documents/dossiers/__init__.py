"""Work files (hồ sơ công việc): the yearly list, files and their contents, hand-over, export."""
