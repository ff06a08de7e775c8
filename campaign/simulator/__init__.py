"""Exotel's side of the wire, over real HTTP on this machine: phones ring, nobody is called.

`wiring` starts a `Simulator` for `campaign simulate` and for `run --simulate`; tests start one beside a campaign.
"""
