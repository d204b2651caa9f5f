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

/** Readers that consist of other readers (unions, arrays and maps), and the reader of enums. */
final class NestedReaders {
  private NestedReaders() {}

  /** Reads the writer's union with one reader for each branch. */
  static ValueReader union(ValueReader[] branches) {
    return in -> branches[in.readIndex(branches.length)].read(in);
  }

  /** Reads the writer's union of null and one other type. A record inlines it to save a call. */
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

  /** If a key occurs twice, the later entry wins, as in Avro's own reader. */
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
   * @param symbols the reader's symbol for each of the writer's symbols; null if it has neither the
   *     symbol nor a default
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
