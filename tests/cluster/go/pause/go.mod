module weir/tests/cluster/pause

go 1.24
