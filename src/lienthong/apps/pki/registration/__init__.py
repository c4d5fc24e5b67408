"""Registration of certificates at an agency: requests, evidence, approval by its registrar.

The keys of the authority are not here (SG 4.4): the registrar signs each approved request with
the own key, and the authority checks the mandate and issues. What it answers is installed as the
holder's key once the holder has signed the handing-over slip (SG 4.3).
"""
