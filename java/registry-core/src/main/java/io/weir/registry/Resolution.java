package io.weir.registry;

import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.apache.avro.LogicalType;
import org.apache.avro.LogicalTypes;
import org.apache.avro.Schema;

/**
 * Which of a reader's types and fields take what a writer wrote, for every decoder alike, and as
 * {@code weir schema check} judges (weir.catalog.resolution): Avro's specification, "Schema
 * Resolution", where namespaces do not matter and another unit or scale is another type.
 *
 * <p>Avro's own Resolver is not asked. It takes any record for any other, compares a branch of a
 * union by its full name and any other type by its short one, and finds the aliases of a field only
 * where the namespaces are equal: another record type would be read as the reader's, its fields
 * null.
 */
public final class Resolution {
  private static final int SAME = 0;
  private static final int SAME_BUT_FOR_NAMESPACE = 1;
  private static final int ALIAS = 2;
  private static final int PROMOTED = 3;
  private static final int OTHER = 4;

  private Resolution() {}

  /**
   * The type that takes the writer's: the reader's, or a branch of it where it is a union; the
   * nearest by name, and the first of those.
   *
   * @param writer no union
   * @throws DecodeException if none takes it, naming both
   */
  public static Schema branch(Schema writer, Schema reader) throws DecodeException {
    Schema nearest = null;
    int distance = OTHER;
    for (Schema candidate : reader.isUnion() ? reader.getTypes() : List.of(reader)) {
      int found = distance(writer, candidate);
      if (found < distance) {
        nearest = candidate;
        distance = found;
      }
    }
    if (nearest == null) {
      throw incompatible("Found " + describe(writer) + ", expecting " + describe(reader));
    }
    requireSameMeaning(writer, nearest);
    return nearest;
  }

  private static int distance(Schema writer, Schema reader) {
    if (writer.getType() != reader.getType()) {
      return isPromotion(writer.getType(), reader.getType()) ? PROMOTED : OTHER;
    }
    if (!isNamed(writer) || writer.getFullName().equals(reader.getFullName())) {
      return SAME;
    }
    if (writer.getName().equals(reader.getName())) {
      return SAME_BUT_FOR_NAMESPACE;
    }
    return isAlias(writer, reader) ? ALIAS : OTHER;
  }

  /** An alias in the reader's own namespace stands for that name in every one. */
  private static boolean isAlias(Schema writer, Schema reader) {
    String namespace = reader.getNamespace();
    String inNamespace =
        namespace == null || namespace.isEmpty()
            ? writer.getName()
            : namespace + "." + writer.getName();
    Set<String> aliases = reader.getAliases();
    return aliases.contains(writer.getFullName()) || aliases.contains(inNamespace);
  }

  private static boolean isNamed(Schema schema) {
    return switch (schema.getType()) {
      case RECORD, ENUM, FIXED -> true;
      default -> false;
    };
  }

  private static boolean isPromotion(Schema.Type writer, Schema.Type reader) {
    return switch (writer) {
      case INT ->
          reader == Schema.Type.LONG || reader == Schema.Type.FLOAT || reader == Schema.Type.DOUBLE;
      case LONG -> reader == Schema.Type.FLOAT || reader == Schema.Type.DOUBLE;
      case FLOAT -> reader == Schema.Type.DOUBLE;
      case STRING -> reader == Schema.Type.BYTES;
      case BYTES -> reader == Schema.Type.STRING;
      default -> false;
    };
  }

  /**
   * The reader's field that each of the writer's fills, by the position of the writer's; null where
   * it fills none. A field has its own name before it has an alias, and fills one field.
   */
  public static Schema.Field[] fields(Schema writer, Schema reader) {
    Schema.Field[] taken = new Schema.Field[writer.getFields().size()];
    Map<String, Schema.Field> free = new HashMap<>();
    Set<String> filled = new HashSet<>();
    for (Schema.Field written : writer.getFields()) {
      Schema.Field field = reader.getField(written.name());
      taken[written.pos()] = field;
      if (field == null) {
        free.put(written.name(), written);
      } else {
        filled.add(field.name());
      }
    }
    for (Schema.Field field : reader.getFields()) {
      if (filled.contains(field.name())) {
        continue;
      }
      // Sorted, as the order of aliases means nothing.
      for (String alias : new TreeSet<>(field.aliases())) {
        Schema.Field written = free.remove(alias);
        if (written != null) {
          taken[written.pos()] = field;
          break;
        }
      }
    }
    return taken;
  }

  /** What a record is at fault with that has no value for a field of the reader's. */
  public static DecodeException missing(Schema writer, Schema.Field field) {
    return incompatible("it is not in " + describe(writer) + " and has no default")
        .inField(field.name());
  }

  /** What a record is at fault with that holds a symbol that the reader lacks. */
  public static DecodeException unknownSymbol(Schema writer, int index) {
    return incompatible(
        "symbol "
            + writer.getEnumSymbols().get(index)
            + " of the writer's enum is unknown to the reader, which has no default");
  }

  /** Avro resolves the bytes alone, and would read microseconds as milliseconds. */
  private static void requireSameMeaning(Schema writer, Schema reader) throws DecodeException {
    boolean sameSize =
        reader.getType() != Schema.Type.FIXED || writer.getFixedSize() == reader.getFixedSize();
    if (!sameSize || !agree(writer.getLogicalType(), reader.getLogicalType())) {
      throw incompatible(
          "the writer's " + describe(writer) + " is not the reader's " + describe(reader));
    }
  }

  private static boolean agree(LogicalType writer, LogicalType reader) {
    if (writer == null || reader == null) {
      return true;
    }
    // A decimal is equal in its precision and scale.
    return writer instanceof LogicalTypes.Decimal
        ? writer.equals(reader)
        : writer.getName().equals(reader.getName());
  }

  /** The name of the Avro logical type, or "" where there is none. */
  public static String logicalName(Schema schema) {
    return schema.getLogicalType() == null ? "" : schema.getLogicalType().getName();
  }

  /** An Avro type as people write it, such as {@code timestamp-millis} or {@code fixed(16)}. */
  public static String describe(Schema schema) {
    String logical = logicalName(schema);
    if (schema.getLogicalType() instanceof LogicalTypes.Decimal decimal) {
      return "decimal(" + decimal.getPrecision() + ", " + decimal.getScale() + ")";
    }
    if (!logical.isEmpty()) {
      return logical;
    }
    return switch (schema.getType()) {
      case FIXED -> "fixed(" + schema.getFixedSize() + ") " + schema.getFullName();
      case RECORD, ENUM -> schema.getType().getName() + " " + schema.getFullName();
      case UNION -> schema.getTypes().stream().map(Resolution::describe).toList().toString();
      default -> schema.getType().getName();
    };
  }

  private static DecodeException incompatible(String reason) {
    return new DecodeException(DecodeError.INCOMPATIBLE_SCHEMA, reason);
  }
}
