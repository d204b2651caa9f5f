package io.weir.flink.cassandra;

import com.datastax.oss.driver.api.core.DefaultConsistencyLevel;
import io.weir.cassandra.session.SessionConfig;
import java.io.Serializable;

/** The validated options for reading. {@link CassandraOptions} describes each of them. */
public record SourceSettings(
    SessionConfig session, String table, DefaultConsistencyLevel consistency)
    implements Serializable {}
