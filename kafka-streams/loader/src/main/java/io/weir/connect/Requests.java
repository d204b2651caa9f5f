package io.weir.connect;

import io.weir.cassandra.statement.RefusedRow;
import io.weir.cassandra.statement.WriteCommand;
import io.weir.cassandra.statement.WriteRequest;
import java.util.List;

/** Turns the rows of a table into requests. */
interface Requests {
  /** Few requests, with only the newest version of each row. */
  List<WriteCommand> together(List<WriteRequest> rows);

  /** A dead letter for a row that Cassandra rejects permanently. */
  RefusedRow refused(WriteRequest row, Throwable error);

  /** One row in one request. */
  WriteCommand alone(WriteRequest row);
}
