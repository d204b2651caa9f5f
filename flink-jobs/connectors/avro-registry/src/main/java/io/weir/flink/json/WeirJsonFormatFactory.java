package io.weir.flink.json;

import io.weir.flink.events.EventDecodingFormat;
import io.weir.flink.events.EventOptions;
import io.weir.json.JsonColumn;
import java.util.List;
import java.util.Set;
import org.apache.flink.api.common.serialization.DeserializationSchema;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.ConfigOptions;
import org.apache.flink.configuration.ReadableConfig;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.connector.format.DecodingFormat;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.factories.DeserializationFormatFactory;
import org.apache.flink.table.factories.DynamicTableFactory;
import org.apache.flink.table.factories.FactoryUtil;

/**
 * {@code 'value.format' = 'weir-json'}: columns from anywhere in a JSON object, with poison records
 * set aside.
 */
public final class WeirJsonFormatFactory implements DeserializationFormatFactory {
  static final String IDENTIFIER = "weir-json";

  static final ConfigOption<String> COLUMNS =
      ConfigOptions.key("columns")
          .stringType()
          .noDefaultValue()
          .withDescription(
              "The columns' names, types, paths and encodings, as JSON text: one entry for each.");

  @Override
  public DecodingFormat<DeserializationSchema<RowData>> createDecodingFormat(
      DynamicTableFactory.Context context, ReadableConfig options) {
    FactoryUtil.validateFactoryOptions(this, options);
    String document = options.get(COLUMNS);
    List<JsonColumn> read = parsed(document);
    return new EventDecodingFormat(
        IDENTIFIER,
        EventOptions.of(IDENTIFIER, options),
        EventOptions.sharesColumnsWithKey(context.getCatalogTable().getOptions()),
        columns -> {
          JsonTypes.check(read, columns);
          return new JsonDecoder(document, columns.getFieldNames());
        });
  }

  private static List<JsonColumn> parsed(String document) {
    try {
      return JsonColumn.parse(document);
    } catch (IllegalArgumentException e) {
      throw new ValidationException(
          EventOptions.name(IDENTIFIER, COLUMNS) + ": " + e.getMessage(), e);
    }
  }

  @Override
  public String factoryIdentifier() {
    return IDENTIFIER;
  }

  @Override
  public Set<ConfigOption<?>> requiredOptions() {
    return Set.of(COLUMNS);
  }

  @Override
  public Set<ConfigOption<?>> optionalOptions() {
    return Set.copyOf(EventOptions.ALL);
  }
}
