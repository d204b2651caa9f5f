package io.weir.flink.cassandra;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.ReadableConfig;
import org.apache.flink.table.catalog.Column;
import org.apache.flink.table.catalog.ResolvedSchema;
import org.apache.flink.table.catalog.UniqueConstraint;
import org.apache.flink.table.connector.sink.DynamicTableSink;
import org.apache.flink.table.connector.source.DynamicTableSource;
import org.apache.flink.table.factories.DynamicTableSinkFactory;
import org.apache.flink.table.factories.DynamicTableSourceFactory;
import org.apache.flink.table.factories.FactoryUtil;

/**
 * {@code 'connector' = 'cassandra'}. Only validates the options: the job connects to the cluster
 * when it starts, so planning and EXPLAIN need no Cassandra.
 */
public final class CassandraTableFactory
    implements DynamicTableSinkFactory, DynamicTableSourceFactory {
  public static final String IDENTIFIER = "cassandra";

  @Override
  public String factoryIdentifier() {
    return IDENTIFIER;
  }

  @Override
  public Set<ConfigOption<?>> requiredOptions() {
    return new LinkedHashSet<>(CassandraOptions.required());
  }

  @Override
  public Set<ConfigOption<?>> optionalOptions() {
    return new LinkedHashSet<>(CassandraOptions.optional());
  }

  @Override
  public DynamicTableSink createDynamicTableSink(Context context) {
    ReadableConfig options = validated(context);
    return new CassandraTableSink(
        columns(context),
        new ValidatedOptions(options, context.getCatalogTable().getOptions()).sink(),
        options.getOptional(CassandraOptions.SINK_PARALLELISM).orElse(null));
  }

  @Override
  public DynamicTableSource createDynamicTableSource(Context context) {
    ReadableConfig options = validated(context);
    ValidatedOptions checked = new ValidatedOptions(options);
    return new CassandraTableSource(
        columns(context),
        new SourceSettings(checked.session(), checked.table(), checked.readConsistency()),
        checked.lookup(),
        options);
  }

  private ReadableConfig validated(Context context) {
    FactoryUtil.TableFactoryHelper helper = FactoryUtil.createTableFactoryHelper(this, context);
    helper.validateExcept(CassandraOptions.SINK_REFUSED_PROPERTIES);
    return helper.getOptions();
  }

  private static TableColumns columns(Context context) {
    ResolvedSchema schema = context.getCatalogTable().getResolvedSchema();
    List<Column> physical = schema.getColumns().stream().filter(Column::isPhysical).toList();
    return new TableColumns(
        physical.stream().map(Column::getName).toList(),
        physical.stream().map(column -> column.getDataType().getLogicalType()).toList(),
        schema.getPrimaryKey().map(UniqueConstraint::getColumns).orElse(List.of()));
  }
}
