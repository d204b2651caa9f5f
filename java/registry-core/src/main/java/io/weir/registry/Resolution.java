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
 * Resolves writer types and fields against the reader's, for all decoders and with the same result
 * as {@code weir schema check} (weir.catalog.resolution). It follows "Schema Resolution" in Avro's
 * specification, except that namespaces are ignored and that a different unit or scale is a
 * different type.
 *
 * <p>Avro's own Resolver does not fit. It resolves any record against any other, compares union
 * branches by full name but other types by short name, and applies field aliases only if the
 * namespaces are equal. A different record type would therefore be read as the reader's, with nulls
 * in its fields.
 */
public final class Resolution {
  private static final int SAME = 0;
  private static final int SAME_BUT_FOR_NAMESPACE = 1;
  private static final int ALIAS = 2;
  private static final int PROMOTED = 3;
  private static final int OTHER = 4;

  private Resolution() {}

  /**
   * Returns the reader's type, or the branch of its union, that the writer's type resolves to: the
   * closest match by name, and the first of several.
   *
   * @param writer not a union
   * @throws DecodeException with both types if none matches
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

  /** An alias in the reader's own namespace matches that name in any namespace. */
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
   * Returns the reader's field for each field of the writer, by the writer's position; null if
   * there is none. Names take precedence over aliases, and each of the writer's fields fills only
   * one field.
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
      // Sorted, because the order of aliases has no meaning.
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

  /** The error of a record without a value for this field of the reader. */
  public static DecodeException missing(Schema writer, Schema.Field field) {
    return incompatible("it is not in " + describe(writer) + " and has no default")
        .inField(field.name());
  }

  /** The error of a record with an enum symbol that the reader does not have. */
  public static DecodeException unknownSymbol(Schema writer, int index) {
    return incompatible(
        "symbol "
            + writer.getEnumSymbols().get(index)
            + " of the writer's enum is unknown to the reader, which has no default");
  }

  /** Avro only resolves the encoding, and would read microseconds as milliseconds. */
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
    // Decimals must have the same precision and scale.
    return writer instanceof LogicalTypes.Decimal
        ? writer.equals(reader)
        : writer.getName().equals(reader.getName());
  }

  /** The name of the Avro logical type, or "" if there is none. */
  public static String logicalName(Schema schema) {
    return schema.getLogicalType() == null ? "" : schema.getLogicalType().getName();
  }

  /** Describes an Avro type for messages, such as {@code timestamp-millis} or {@code fixed(16)}. */
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
