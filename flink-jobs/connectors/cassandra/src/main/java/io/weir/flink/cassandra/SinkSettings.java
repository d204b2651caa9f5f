package io.weir.flink.cassandra;

import com.datastax.oss.driver.api.core.DefaultConsistencyLevel;
import io.weir.cassandra.retry.RetryPolicy;
import io.weir.cassandra.session.SessionConfig;
import java.io.Serializable;
import java.time.Duration;

/**
 * The validated sink options. {@link CassandraOptions} describes each of them.
 *
 * @param ttlSeconds {@link io.weir.cassandra.statement.WriteRequest#TABLE_TTL} if not set
 * @param allowedLateness null if late rows are not counted
 * @param refused null if a permanently rejected row fails the job
 */
public record SinkSettings(
    SessionConfig session,
    String table,
    DefaultConsistencyLevel consistency,
    int ttlSeconds,
    boolean ignoreNulls,
    int maxInFlightRequests,
    int batchMaxRows,
    long batchMaxBytes,
    int bufferMaxRows,
    Duration bufferMaxTime,
    Duration allowedLateness,
    RetryPolicy retryPolicy,
    RefusedTopic refused)
    implements Serializable {}
