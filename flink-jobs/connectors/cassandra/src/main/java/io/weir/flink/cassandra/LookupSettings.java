package io.weir.flink.cassandra;

import io.weir.cassandra.retry.RetryPolicy;
import java.io.Serializable;
import java.time.Duration;
import java.util.List;
import org.apache.flink.table.connector.source.lookup.LookupOptions.LookupCacheType;

/**
 * The lookup options, checked. See {@link CassandraOptions} for what each means.
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
