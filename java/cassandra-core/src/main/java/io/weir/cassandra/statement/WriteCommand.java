package io.weir.cassandra.statement;

import com.datastax.oss.driver.api.core.cql.Statement;

/**
 * A statement that is ready to be sent.
 *
 * @param rows the number of rows that it writes or deletes
 */
public record WriteCommand(Statement<?> statement, int rows) {}
