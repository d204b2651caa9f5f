package io.weir.flink.cassandra.source;

import io.weir.flink.cassandra.LookupSettings;
import io.weir.flink.cassandra.SourceSettings;
import io.weir.flink.cassandra.TableColumns;
import java.io.Serializable;
import java.util.List;

/**
 * The table, columns and keys of a lookup join. Equal specifications share one full copy in each
 * JVM.
 *
 * @param columns the columns that the join needs, in the order of the rows
 * @param keyPositions positions of the join keys in {@code columns}
 */
public record LookupSpec(
    SourceSettings source, TableColumns columns, List<Integer> keyPositions, LookupSettings lookup)
    implements Serializable {}
