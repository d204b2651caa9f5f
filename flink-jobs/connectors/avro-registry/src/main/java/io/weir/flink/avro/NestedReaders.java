package io.weir.flink.avro;

import io.weir.registry.DecodeException;
import io.weir.registry.Resolution;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.avro.Schema;
import org.apache.flink.table.data.GenericArrayData;
import org.apache.flink.table.data.GenericMapData;
import org.apache.flink.table.data.binary.BinaryStringData;

/** Readers that are made of other readers: unions, arrays and maps; and enums. */
final class NestedReaders {
  private NestedReaders() {}

  /** The writer's union, a reader for each of its branches. */
  static ValueReader union(ValueReader[] branches) {
    return in -> branches[in.readIndex(branches.length)].read(in);
  }

  /**
   * The writer's union of null and one other type, which a record reads without a call of its own.
   */
  record Nullable(int nullBranch, ValueReader value) implements ValueReader {
    @Override
    public Object read(BinaryInput in) throws DecodeException {
      return in.readIndex(2) == nullBranch ? null : value.read(in);
    }
  }

  static ValueReader array(ValueReader item, int minItemBytes) {
    return in -> {
      List<Object> items = new ArrayList<>();
      for (int n = in.readBlock(minItemBytes); n > 0; n = in.readBlock(minItemBytes)) {
        for (int i = 0; i < n; i++) {
          items.add(item.read(in));
        }
      }
      return new GenericArrayData(items.toArray());
    };
  }

  /** Of two entries with one key the later wins, as with Avro's own reader. */
  static ValueReader map(ValueReader value, int minValueBytes) {
    return in -> {
      Map<Object, Object> entries = new HashMap<>();
      for (int n = in.readBlock(1 + minValueBytes); n > 0; n = in.readBlock(1 + minValueBytes)) {
        for (int i = 0; i < n; i++) {
          entries.put(in.readString(), value.read(in));
        }
      }
      return new GenericMapData(entries);
    };
  }

  /**
   * @param symbols what the reader calls each of the writer's symbols; null where it has no name
   *     and no default for it
   */
  static ValueReader enumeration(Schema writer, BinaryStringData[] symbols) {
    return in -> {
      int index = in.readIndex(symbols.length);
      if (symbols[index] == null) {
        throw Resolution.unknownSymbol(writer, index);
      }
      return symbols[index];
    };
  }
}
