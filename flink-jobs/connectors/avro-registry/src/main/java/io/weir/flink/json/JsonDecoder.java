package io.weir.flink.json;

import io.weir.flink.events.EventDecoder;
import io.weir.json.JsonColumn;
import io.weir.json.JsonReader;
import io.weir.registry.DecodeException;
import java.util.List;
import java.util.Objects;
import org.apache.flink.api.common.serialization.DeserializationSchema.InitializationContext;
import org.apache.flink.table.data.GenericRowData;

/**
 * Decodes values in JSON. All columns of the document are read, also those that the table does not
 * have: whether a record is an event must not depend on the query.
 */
final class JsonDecoder implements EventDecoder {
  private final String document;
  private final List<String> columns;

  private transient int arity;
  private transient JsonReader reader;

  /** The row's field for each column of the document, or -1. */
  private transient int[] targets;

  /**
   * @param document the columns to read
   * @param columns the table's columns, each of which is one of the document
   */
  JsonDecoder(String document, List<String> columns) {
    this.document = document;
    this.columns = List.copyOf(columns);
  }

  @Override
  public void open(InitializationContext context, int rowArity) {
    arity = rowArity;
    List<JsonColumn> read = JsonColumn.parse(document);
    reader = new JsonReader(read, new RowTypes());
    targets = read.stream().mapToInt(column -> columns.indexOf(column.name())).toArray();
  }

  @Override
  public GenericRowData decode(byte[] value) throws DecodeException {
    reader.scan(value);
    GenericRowData row = new GenericRowData(arity);
    for (int i = 0; i < targets.length; i++) {
      Object field = reader.value(i);
      if (targets[i] >= 0) {
        row.setField(targets[i], field);
      }
    }
    return row;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof JsonDecoder that
        && document.equals(that.document)
        && columns.equals(that.columns);
  }

  @Override
  public int hashCode() {
    return Objects.hash(document, columns);
  }
}
