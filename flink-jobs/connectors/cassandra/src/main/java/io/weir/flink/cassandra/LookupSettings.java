package io.weir.flink.cassandra;

import io.weir.cassandra.retry.RetryPolicy;
import java.io.Serializable;
import java.time.Duration;
import java.util.List;
import org.apache.flink.table.connector.source.lookup.LookupOptions.LookupCacheType;

/**
 * The validated lookup options. {@link CassandraOptions} describes each of them.
 *
 * @param reloadInterval null unless the cache is FULL
 */
public record LookupSettings(
    LookupCacheType cache,
    boolean async,
    RetryPolicy retryPolicy,
    Duration reloadInterval,
    boolean allowEmptyReload,
    List<ValueRange> ranges)
    implements Serializable {}
