package io.weir.connect;

import io.weir.cassandra.statement.RefusedRow;
import io.weir.cassandra.statement.WriteCommand;
import io.weir.cassandra.statement.WriteRequest;
import java.util.List;

/** How rows of a table become requests. */
interface Requests {
  /** As few requests as is good, of each row only the newest version. */
  List<WriteCommand> together(List<WriteRequest> rows);

  /** A row that Cassandra refuses for good, as a dead letter. */
  RefusedRow refused(WriteRequest row, Throwable error);

  /** One row in one request. */
  WriteCommand alone(WriteRequest row);
}
