"""The cases that must be refused (R1 to R65) and accepted (A1 to A10), each with its own fixture.

`rules` lists them and marks the tests; `forger` makes the attack files; `judge` asks every
verifier. A case is found by its number: search for `rule("R19")`.
"""
