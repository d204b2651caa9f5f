package io.weir.flink.avro;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.apache.avro.JsonProperties;
import org.apache.avro.LogicalType;
import org.apache.avro.LogicalTypes;
import org.apache.avro.Schema;
import org.apache.avro.Schema.Type;

/**
 * Random reader schemas of the supported types, and writer schemas that evolution allows for them.
 */
final class RandomSchemas {
  private static final int MAX_DEPTH = 2;
  private final Random random;
  private int names;

  RandomSchemas(Random random) {
    this.random = random;
  }

  Schema reader() {
    return record(0, 1 + random.nextInt(12));
  }

  private Schema record(int depth, int size) {
    List<Schema.Field> fields = new ArrayList<>();
    for (int i = 0; i < size; i++) {
      Schema type = value(depth);
      fields.add(new Schema.Field("f" + names++, type, null, defaultOf(type)));
    }
    return Schema.createRecord("R" + names++, null, "test", false, fields);
  }

  private Schema value(int depth) {
    Schema type = present(depth);
    Schema nothing = Schema.create(Type.NULL);
    return switch (random.nextInt(5)) {
      case 0, 1 -> Schema.createUnion(nothing, type);
      case 2 -> Schema.createUnion(type, nothing);
      default -> type;
    };
  }

  private Schema present(int depth) {
    int kinds = depth < MAX_DEPTH ? 22 : 19;
    return switch (random.nextInt(kinds)) {
      case 0 -> Schema.create(Type.BOOLEAN);
      case 1 -> Schema.create(Type.INT);
      case 2 -> Schema.create(Type.LONG);
      case 3 -> Schema.create(Type.FLOAT);
      case 4 -> Schema.create(Type.DOUBLE);
      case 5, 6 -> Schema.create(Type.STRING);
      case 7 -> Schema.create(Type.BYTES);
      case 8 -> Schema.createFixed("F" + names++, null, "test", 1 + random.nextInt(20));
      case 9 -> enumeration();
      case 10 -> logical(Type.INT, LogicalTypes.date());
      case 11 -> logical(Type.INT, LogicalTypes.timeMillis());
      case 12 -> logical(Type.LONG, LogicalTypes.timeMicros());
      case 13 -> logical(Type.LONG, LogicalTypes.timestampMillis());
      case 14 -> logical(Type.LONG, LogicalTypes.timestampMicros());
      case 15 -> logical(Type.LONG, LogicalTypes.localTimestampMillis());
      case 16 -> logical(Type.LONG, LogicalTypes.localTimestampNanos());
      case 17 -> decimal(Schema.create(Type.BYTES));
      case 18 -> decimal(Schema.createFixed("D" + names++, null, "test", 17));
      case 19 -> Schema.createArray(value(depth + 1));
      case 20 -> Schema.createMap(value(depth + 1));
      default -> record(depth + 1, 1 + random.nextInt(4));
    };
  }

  private static Schema logical(Type type, LogicalType logical) {
    return logical.addToSchema(Schema.create(type));
  }

  private Schema decimal(Schema type) {
    int precision = 1 + random.nextInt(38);
    return LogicalTypes.decimal(precision, random.nextInt(precision + 1)).addToSchema(type);
  }

  private Schema enumeration() {
    List<String> symbols = new ArrayList<>(List.of("A", "B", "C", "D"));
    Collections.shuffle(symbols, random);
    List<String> some = symbols.subList(0, 2 + random.nextInt(3));
    return Schema.createEnum(
        "E" + names++, null, "test", some, random.nextBoolean() ? some.get(0) : null);
  }

  /** A default of the first branch in Avro's form; none for types without a short one. */
  private Object defaultOf(Schema schema) {
    Schema type = schema.isUnion() ? schema.getTypes().get(0) : schema;
    boolean plain = type.getLogicalType() == null;
    return switch (type.getType()) {
      case NULL -> JsonProperties.NULL_VALUE;
      case BOOLEAN -> true;
      case INT -> 7;
      case LONG -> 1234567890123L % 86_400_000L;
      case FLOAT -> 1.5f;
      case DOUBLE -> 2.25;
      case STRING -> "dflt";
      case BYTES -> plain ? "\u0001\u00ff" : "\u0005";
      case FIXED -> plain ? "x".repeat(type.getFixedSize()) : null;
      case ENUM -> type.getEnumSymbols().get(0);
      case ARRAY -> List.of();
      case MAP -> Collections.emptyMap();
      default -> null;
    };
  }

  /** A schema with which an older or newer producer may have written the reader's records. */
  Schema writerOf(Schema reader) {
    List<Schema.Field> fields = new ArrayList<>();
    for (Schema.Field field : reader.getFields()) {
      if (field.defaultVal() != null && random.nextInt(5) == 0) {
        continue;
      }
      String name = field.name();
      if (random.nextInt(6) == 0) {
        name = "old_" + name;
        field.addAlias(name);
      }
      fields.add(new Schema.Field(name, evolved(field.schema()), null, null));
    }
    for (int i = random.nextInt(4); i > 0; i--) {
      fields.add(new Schema.Field("w" + names++, writerOnly(), null, null));
    }
    Collections.shuffle(fields, random);
    return Schema.createRecord(reader.getName(), null, reader.getNamespace(), false, fields);
  }

  private Schema evolved(Schema reader) {
    Schema type = ReaderSchema.nonNull(reader);
    Schema writer = evolvedPresent(type);
    List<Schema> branches = new ArrayList<>(List.of(writer));
    if (reader.isUnion() ? random.nextInt(4) > 0 : random.nextInt(8) == 0) {
      branches.add(Schema.create(Type.NULL));
    }
    if (writer.getType() == Type.LONG && !AvroTypes.isTime(writer) && random.nextInt(4) == 0) {
      branches.add(Schema.create(Type.INT));
    }
    if (writer.getType() == Type.INT && !AvroTypes.isTime(writer) && random.nextInt(8) == 0) {
      branches.add(Schema.create(Type.STRING));
    }
    Collections.shuffle(branches, random);
    return branches.size() == 1 ? writer : Schema.createUnion(branches);
  }

  private Schema evolvedPresent(Schema reader) {
    return switch (reader.getType()) {
      case RECORD -> writerOf(reader);
      case ARRAY -> Schema.createArray(evolved(reader.getElementType()));
      case MAP -> Schema.createMap(evolved(reader.getValueType()));
      case ENUM -> {
        List<String> symbols = new ArrayList<>(reader.getEnumSymbols());
        if (random.nextInt(3) == 0) {
          symbols.add("NEW");
        }
        Collections.shuffle(symbols, random);
        yield Schema.createEnum(reader.getName(), null, reader.getNamespace(), symbols);
      }
      case LONG -> AvroTypes.isTime(reader) ? reader : oneOf(reader, Type.INT);
      case FLOAT -> oneOf(reader, Type.INT, Type.LONG);
      case DOUBLE -> oneOf(reader, Type.INT, Type.LONG, Type.FLOAT);
      case STRING -> oneOf(reader, Type.BYTES);
      case BYTES -> reader.getLogicalType() == null ? oneOf(reader, Type.STRING) : reader;
      default -> reader;
    };
  }

  private Schema oneOf(Schema reader, Type... promoted) {
    int choice = random.nextInt(3 + promoted.length);
    return choice < promoted.length ? Schema.create(promoted[choice]) : reader;
  }

  /** Any type, even a recursive one, because it is only skipped. */
  private Schema writerOnly() {
    if (random.nextInt(4) > 0) {
      return value(0);
    }
    Schema tree = Schema.createRecord("T" + names++, null, "test", false);
    Schema children = Schema.createArray(tree);
    Schema leaf =
        Schema.createUnion(Schema.create(Type.NULL), Schema.create(Type.DOUBLE), enumeration());
    tree.setFields(
        List.of(
            new Schema.Field("leaf", leaf, null, null),
            new Schema.Field("children", children, null, null)));
    return tree;
  }
}
