package io.weir.registry;

import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Set;
import org.apache.avro.Schema;

/** The minimum encoded size of a value. It limits how many items a block may claim to hold. */
public final class EncodedSize {
  /** A larger minimum is never needed to limit the number of items in a block. */
  private static final int CAP = 1 << 16;

  private EncodedSize() {}

  /** Returns the minimum size in bytes of a value of the writer's type. */
  public static int least(Schema writer) {
    return least(writer, Collections.newSetFromMap(new IdentityHashMap<>()));
  }

  private static int least(Schema writer, Set<Schema> outer) {
    return switch (writer.getType()) {
      case NULL -> 0;
      case FLOAT -> 4;
      case DOUBLE -> 8;
      case FIXED -> Math.min(writer.getFixedSize(), CAP);
      case RECORD -> {
        if (!outer.add(writer)) {
          yield 0;
        }
        int sum = 0;
        for (Schema.Field field : writer.getFields()) {
          sum = Math.min(sum + least(field.schema(), outer), CAP);
        }
        outer.remove(writer);
        yield sum;
      }
      default -> 1;
    };
  }
}
