package io.weir.cassandra.statement;

import com.datastax.oss.driver.api.core.cql.Statement;

/**
 * A statement ready to be sent.
 *
 * @param rows how many rows it writes or deletes
 */
public record WriteCommand(Statement<?> statement, int rows) {}
