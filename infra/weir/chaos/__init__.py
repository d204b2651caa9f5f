"""`weir prove`: the pipeline under faults. Each round replays a part of the data, breaks something in the middle of it
at a recorded moment, and verifies every row, total and dead letter with the independent oracle.
"""
