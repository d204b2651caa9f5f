package io.weir.connect;

import io.weir.registry.DecodeException;
import io.weir.registry.RecordReader;
import io.weir.registry.RegistryConfig;
import io.weir.registry.SchemaLookup;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericRecord;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.connect.data.SchemaAndValue;
import org.apache.kafka.connect.errors.DataException;
import org.apache.kafka.connect.errors.RetriableException;
import org.apache.kafka.connect.storage.Converter;

/**
 * Reads Avro in the Confluent wire format. It does not write Avro; it only passes on bytes, the
 * form of a dead letter. Connect handles a record that cannot be decoded (errors.tolerance), and
 * retries while the registry does not answer (errors.retry.timeout).
 */
public final class AvroRegistryConverter implements Converter {
  static final String URL = "registry.url";

  private final Map<Schema, AvroStructs> structs = new HashMap<>();
  private RecordReader reader;

  /** Called by Connect, which then configures the converter. */
  public AvroRegistryConverter() {}

  AvroRegistryConverter(SchemaLookup schemas) {
    reader = new RecordReader(schemas, null);
  }

  @Override
  public ConfigDef config() {
    return new ConfigDef()
        .define(
            URL,
            ConfigDef.Type.STRING,
            ConfigDef.NO_DEFAULT_VALUE,
            ConfigDef.Importance.HIGH,
            "Address of the registry's Confluent REST API.");
  }

  @Override
  public void configure(Map<String, ?> settings, boolean isKey) {
    String url = (String) config().parse(settings).get(URL);
    try {
      reader = new RecordReader(SchemaLookup.of(RegistryConfig.of(url)), null);
    } catch (IOException e) {
      throw new DataException("The registry client cannot be created", e);
    }
  }

  @Override
  public SchemaAndValue toConnectData(String topic, byte[] value) {
    if (value == null) {
      return SchemaAndValue.NULL;
    }
    try {
      GenericRecord record = reader.read(value);
      AvroStructs shape = structs.computeIfAbsent(record.getSchema(), AvroStructs::new);
      return new SchemaAndValue(shape.schema(), shape.struct(record));
    } catch (DecodeException e) {
      throw new DataException(topic + ": " + e.getMessage(), e);
    } catch (IOException e) {
      throw new RetriableException("The registry does not answer", e);
    }
  }

  @Override
  public byte[] fromConnectData(
      String topic, org.apache.kafka.connect.data.Schema schema, Object value) {
    if (value instanceof byte[] letter) {
      return letter;
    }
    throw new DataException(
        topic + ": this converter can only read; use another one for a source connector");
  }
}
