package io.weir.flink.cassandra;

import com.datastax.oss.driver.api.core.DefaultConsistencyLevel;
import io.weir.cassandra.session.SessionConfig;
import java.io.Serializable;

/** What to read and how. See {@link CassandraOptions} for what each means. */
public record SourceSettings(
    SessionConfig session, String table, DefaultConsistencyLevel consistency)
    implements Serializable {}
