package io.weir.streams;

import io.weir.json.JsonColumn;
import io.weir.json.JsonReader;
import io.weir.json.ValueTypes;
import io.weir.registry.DecodeException;
import io.weir.registry.SchemaLookup;
import java.io.IOException;
import java.util.List;
import org.apache.avro.Schema;

/** Reads the values of the source topic as events. Not thread-safe. */
@FunctionalInterface
interface EventReader {
  /**
   * Reads one value into a row of {@code width} columns and leaves the rest null.
   *
   * @throws DecodeException if the value is at fault
   * @throws IOException if the registry cannot be reached
   */
  Object[] read(byte[] value, int width) throws IOException, DecodeException;

  /** Returns a reader of the plan's source. */
  static EventReader of(PipelinePlan plan, SchemaLookup schemas) {
    return switch (plan.source().format()) {
      case AVRO ->
          new RowReader(
              schemas, new Schema.Parser().parse(plan.source().schema()), plan.eventColumns());
      case JSON -> json(plan.source().columnsDocument());
    };
  }

  private static EventReader json(List<JsonColumn> columns) {
    JsonReader reader = new JsonReader(columns, ValueTypes.PLAIN);
    return (value, width) -> {
      reader.scan(value);
      Object[] event = new Object[width];
      for (int i = 0; i < reader.size(); i++) {
        event[i] = reader.value(i);
      }
      return event;
    };
  }
}
