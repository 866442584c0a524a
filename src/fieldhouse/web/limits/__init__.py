"""How much is done for whom, and for how long: sizes, rates, times, threads, and who hangs up.

`measures` and `patience` are of what is asked, `bounded` is of the warehouse, `sent` of answers
that are made while they are sent (`whole`: made whole where that is short; `framed`: of frames),
`threads` says how much goes on at a time, `heard` keeps what a slow listener has yet to hear.
"""
