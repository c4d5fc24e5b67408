"""Administration of an agency: units, people, delegations, hand-over, working days."""
